import org.jspecify.annotations.NullMarked;

/** The Septum engine: a concurrent page-table engine that models KVM's TDP MMU. */
@NullMarked
module dev.septum.engine {
  requires static transitive org.jspecify;
  requires transitive jdk.jfr;
  requires org.jctools.core.jdk11;
  requires org.jctools.core;

  exports dev.septum.memory;
  exports dev.septum.mmu;
  exports dev.septum.paging;
  exports dev.septum.sync;
  exports dev.septum.td;
  exports dev.septum.tdx;
  exports dev.septum.trace;
  exports dev.septum.vm;
}
