import org.jspecify.annotations.NullMarked;

/** The Septum simulator: replays what real guests did on the engine, and checks it. */
@NullMarked
module dev.septum.simulator {
  requires static org.jspecify;
  requires com.fasterxml.jackson.databind;
  requires dev.septum.engine;
  requires info.picocli;
  requires java.management;

  opens dev.septum.simulator to
      info.picocli;
  opens dev.septum.simulator.tree to
      info.picocli;
  opens dev.septum.simulator.conform to
      info.picocli;
}
