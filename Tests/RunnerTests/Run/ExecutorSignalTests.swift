import Base
import Foundation
import Runner
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Each in a process of its own, because signal handlers belong to the process.
@Suite struct ExecutorSignalTests {
  @Test(.timeLimit(.minutes(5))) func theFirstSignalAsksForAStop() async {
    await #expect(processExitsWith: .exitCode(7)) {
      let interruption = Interruption()
      SignalHandling.install(interruption)
      kill(getpid(), SIGTERM)
      while !interruption.isRequested { usleep(1000) }
      exit(7)
    }
  }

  @Test(.timeLimit(.minutes(5))) func theSecondSignalLeavesAtOnce() async {
    await #expect(processExitsWith: .exitCode(130)) {
      let interruption = Interruption()
      SignalHandling.install(interruption)
      kill(getpid(), SIGINT)
      while !interruption.isRequested { usleep(1000) }
      usleep(150_000)
      kill(getpid(), SIGINT)
      usleep(10_000_000)
    }
  }

  @Test(.timeLimit(.minutes(5))) func aBrokenPipeIsNoDeath() async {
    await #expect(processExitsWith: .exitCode(8)) {
      StandardStream.prepare()
      var ends: [Int32] = [0, 0]
      guard pipe(&ends) == 0 else { exit(1) }
      close(ends[0])
      if write(ends[1], "x", 1) == -1, errno == EPIPE { exit(8) }
    }
  }
}
