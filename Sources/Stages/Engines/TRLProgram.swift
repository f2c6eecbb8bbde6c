import Base
import Foundation
import Runner
import TRLAdapter
import Tasks

/// The adapter as a program: Python with TRL, or several of it that share the work.
struct TRLProgram {
  let site: Site
  /// Where the request lies, and all that is written.
  let folder: URL
  let processes: Int
  let threads: Int

  var events: URL { folder.appending(path: "events.jsonl") }

  /// Lays the adapter's files beside the request.
  func writeFiles() throws {
    for (name, content) in TRLAdapter.files { try content.write(to: folder.appending(path: name)) }
  }

  var program: GuardedProgram {
    let launch = [folder.appending(path: "launch.py").path, folder.path]
    let several = [IsolatedPython.option, "-m", "torch.distributed.run", "--standalone"]
    let start =
      processes > 1 ? several + ["--nproc-per-node", "\(processes)"] : [IsolatedPython.option]
    return GuardedProgram(
      name: "python", words: site.prefix + [site.python] + start + launch, folder: folder,
      variables: [
        "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONDONTWRITEBYTECODE": "1",
        // torchrun starts further processes without the option that isolates the first.
        "PYTHONPATH": "", "PYTHONNOUSERSITE": "1",
        "OMP_NUM_THREADS": "\(max(1, threads / processes))",
      ])
  }

  /// Why it ended with a status and without saying that it was done.
  func death(status: Int, _ program: GuardedProgram) -> TRLError {
    if status == 127, !FileManager.default.fileExists(atPath: events.path) {
      return .noPython(site.python)
    }
    let disk = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
    if let left = (disk?[.systemFreeSize] as? NSNumber)?.intValue, left < Self.leastRoom {
      return .full(disk: folder.path, bytes: left)
    }
    return .died(status: status, log: program.log.path, lastLines: program.lastLines)
  }

  /// A disk with less room than this is why it could not say anything, in bytes.
  private static let leastRoom = 100_000
}
