package dev.septum.simulator.soak;

import java.util.SplittableRandom;

/** What kind of thread does what, and how often. */
enum Repertoire {
  /** A vCPU of a normal VM. */
  NORMAL_GUEST {
    @Override
    Operation choose(SplittableRandom random) {
      return access(random, NORMAL_VCPU_ONE_IN);
    }
  },
  /** A vCPU of a trust domain, of which there can be 512 in all its life. */
  TRUST_DOMAIN_GUEST {
    @Override
    Operation choose(SplittableRandom random) {
      return access(random, TRUST_DOMAIN_VCPU_ONE_IN);
    }
  },
  /** The host of a normal VM who unmaps nothing. */
  NORMAL_HOST {
    @Override
    Operation choose(SplittableRandom random) {
      return switch (random.nextInt(8)) {
        case 0, 1, 2 -> Operation.SPLIT;
        case 3, 4 -> Operation.MERGE;
        case 5 -> Operation.TRIM;
        default -> Operation.PREFAULT;
      };
    }
  },
  /** The host of a normal VM who unmaps besides. */
  NORMAL_ZAPPER {
    @Override
    Operation choose(SplittableRandom random) {
      return random.nextInt(2) == 0 ? Operation.ZAP : NORMAL_HOST.choose(random);
    }
  },
  /** The host of a normal VM who changes its slots; which, they say. */
  SLOT_HOST {
    @Override
    Operation choose(SplittableRandom random) {
      return random.nextInt(SLOT_DELETE_ONE_IN) == 0 ? Operation.SLOT_DELETE : Operation.SLOT_MOVE;
    }
  },
  /** The host of a trust domain whose slots come and go: they cannot be moved. */
  TRUST_DOMAIN_SLOT_HOST {
    @Override
    Operation choose(SplittableRandom random) {
      return Operation.SLOT_DELETE;
    }
  },
  /** The host of a trust domain. */
  TRUST_DOMAIN_HOST {
    @Override
    Operation choose(SplittableRandom random) {
      return switch (random.nextInt(16)) {
        case 0, 1, 2, 3, 4 -> Operation.SHARED;
        case 5, 6, 7 -> Operation.PUNCH;
        case 8 -> Operation.ZAP;
        case 9, 10 -> Operation.PROMOTE;
        case 11 -> Operation.SPLIT;
        case 12 -> Operation.MERGE;
        case 13 -> Operation.TRIM;
        default -> Operation.PREFAULT;
      };
    }
  },
  /** The host of a trust domain who merges what is settled. */
  SCANNER {
    @Override
    Operation choose(SplittableRandom random) {
      return Operation.SCAN;
    }
  };

  private static final int NORMAL_VCPU_ONE_IN = 4096;
  private static final int TRUST_DOMAIN_VCPU_ONE_IN = 16_384;
  private static final int SLOT_DELETE_ONE_IN = 64;

  /** The next operation, by chance alone. */
  abstract Operation choose(SplittableRandom random);

  private static Operation access(SplittableRandom random, int vcpuOneIn) {
    if (random.nextInt(vcpuOneIn) == 0) {
      return Operation.VCPU;
    }
    return switch (random.nextInt(8)) {
      case 0 -> Operation.EXECUTE;
      case 1, 2, 3 -> Operation.READ;
      default -> Operation.WRITE;
    };
  }
}
