import Base
import CZlib
import Foundation
import HDF5
import Model
import Runner
import Subprocess
import Tasks

/// The processor with its instructions, memory, and the room on the disk of the results.
struct MachineSection: DoctorSection {
  let title = "this machine"
  let results: URL

  func findings() -> [DoctorFinding] {
    let machine = Machine.current()
    let memory = Double(ProcessInfo.processInfo.physicalMemory) / 1e9
    return [
      DoctorFinding("processor", "\(machine.processor), \(machine.cores) cores"),
      instructions,
      DoctorFinding("memory", "\(Self.short(memory)) GB"),
      disk,
    ]
  }

  private var instructions: DoctorFinding {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first {
      $0.hasPrefix("flags") || $0.hasPrefix("Features")
    }
    let known = Set(line?.split(separator: " ") ?? [])
    let wanted: [Substring] = [
      "asimd", "avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "bf16", "sve",
    ]
    let found = wanted.filter(known.contains)
    guard found.contains("asimd") || (found.contains("avx2") && found.contains("fma")) else {
      return DoctorFinding(
        "instructions", .weak, found.isEmpty ? "unknown" : found.joined(separator: " "),
        advice: "Without AVX2 and FMA everything takes several times as long.")
    }
    return DoctorFinding("instructions", found.joined(separator: " "))
  }

  private var disk: DoctorFinding {
    guard let folder = nearestFolder,
      let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder),
      let free = (attributes[.systemFreeSize] as? NSNumber)?.doubleValue
    else { return DoctorFinding("free disk", .weak, "unknown") }
    let detail = "\(Self.short(free / 1e9)) GB at \(results.path)"
    guard free >= 5e9 else {
      return DoctorFinding(
        "free disk", .weak, detail,
        advice: "Checkpoints of a model take twelve bytes a parameter and more; make room.")
    }
    return DoctorFinding("free disk", detail)
  }

  /// The folder of results, or the nearest one above it that exists.
  private var nearestFolder: String? {
    var folder = results.absoluteURL.standardizedFileURL
    while !FileManager.default.fileExists(atPath: folder.path) {
      guard folder.path != "/" else { return nil }
      folder = folder.deletingLastPathComponent()
    }
    return folder.path
  }

  private static func short(_ value: Double) -> String { String(format: "%.1f", value) }
}

/// The versions of the system libraries in use.
struct LibrariesSection: DoctorSection {
  let title = "system libraries"

  func findings() -> [DoctorFinding] {
    [
      DoctorFinding("libyaml", YAMLLibrary.version),
      openBLAS,
      DoctorFinding("HDF5", HDF5Library.version),
      DoctorFinding("zlib", String(cString: zlibVersion())),
      DoctorFinding("Zstandard", Zstandard.version),
      DoctorFinding("OpenSSL", CryptographyLibrary.version),
    ]
  }

  /// OpenBLAS falls back to kernels for processors of 2004 where it does not know a newer one.
  private var openBLAS: DoctorFinding {
    let words = LinearAlgebraLibrary.version.split(separator: " ")
    let version = words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : "unknown version"
    let processor = LinearAlgebraLibrary.processor
    let detail = "\(version), kernels for \(processor)"
    guard ["prescott", "generic", "unknown"].contains(processor.lowercased()) else {
      return DoctorFinding("OpenBLAS", detail)
    }
    return DoctorFinding(
      "OpenBLAS", .weak, detail,
      advice: "It does not know this processor; install a newer one, or set OPENBLAS_CORETYPE.")
  }
}

/// The Python that runs model-written programs and fetches packages, with what it needs.
struct PythonSection: DoctorSection {
  let title = "python"

  func findings() -> [DoctorFinding] {
    let python: PythonInstallation
    do {
      python = try PythonInstallation.locate()
    } catch {
      return [
        DoctorFinding(
          "python3", .missing, sentence(for: error),
          advice: "HumanEval+ and sources 'pip:…' need it; everything else works without.")
      ]
    }
    return [
      DoctorFinding("python3", "\(python.version), \(python.executable)"),
      finding(
        "numpy", python.numpyVersion, python,
        "The tests of HumanEval+ import it; install it with 'python3 -m pip install numpy'."),
      finding(
        "pip", version(of: "pip", python), python, "Sources 'pip:…' are fetched with it."),
    ]
  }

  private func finding(
    _ package: String, _ version: String?, _ python: PythonInstallation, _ advice: String
  ) -> DoctorFinding {
    guard let version else {
      return DoctorFinding(package, .missing, "not there", advice: advice)
    }
    return DoctorFinding(package, version)
  }

  private func version(of package: String, _ python: PythonInstallation) -> String? {
    let question = "import importlib.metadata as m; print(m.version('\(package)'))"
    let ending = try? IsolatedPython.run(
      python.executable, ["-c", question], limit: .seconds(60))
    guard case .ended(let output)? = ending, output.status.isSuccess else { return nil }
    return output.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// What protects this machine from the programs that models write.
struct SandboxSection: DoctorSection {
  let title = "sandbox"

  func findings() -> [DoctorFinding] {
    let sandbox: Sandbox
    do { sandbox = try Sandbox.locate() } catch {
      return [
        DoctorFinding(
          "sandbox", .missing, "HumanEval+ cannot be graded here", advice: sentence(for: error))
      ]
    }
    return Self.findings(sandbox.protections)
  }

  static func findings(_ protections: SandboxProtections) -> [DoctorFinding] {
    [
      finding(
        "namespaces", protections.inForce.contains(.namespaces),
        "own processes, network, users and files; a private folder in memory",
        "Programs can write no files at all, and see where they run. Allow unprivileged user "
          + "namespaces (kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_"
          + "userns; in a container, its seccomp profile)."),
      finding(
        "calls", protections.inForce.contains(.calls),
        "seccomp: no network, no other processes, no kernel settings",
        "Every program gets a Python of its own, which is slow. The kernel or the container has "
          + "no seccomp filters."),
      finding(
        "files", protections.inForce.contains(.files), "Landlock version \(protections.landlock)",
        protections.inForce.contains(.namespaces)
          ? "The namespaces confine files here. Landlock needs Linux 5.13."
          : "Programs can read what you can read. Landlock needs Linux 5.13."),
      protections.isEnough
        ? DoctorFinding("verdict", .good, "model-written programs are confined")
        : DoctorFinding(
          "verdict", .wrong, "too weak: no protection of network and processes",
          advice: "Stages that run model-written programs refuse, unless they say 'sandbox: weak'."),
    ]
  }

  private static func finding(
    _ name: String, _ isThere: Bool, _ detail: String, _ advice: String
  ) -> DoctorFinding {
    isThere
      ? DoctorFinding(name, .good, detail)
      : DoctorFinding(name, .weak, "not available", advice: advice)
  }
}

/// The files that recipes name, and the known benchmark files in the folder of data.
struct FilesSection: DoctorSection {
  let title = "files"
  let surroundings: DoctorSurroundings

  func findings() -> [DoctorFinding] {
    var findings: [DoctorFinding] = []
    var seen: Set<NamedFile> = []
    for recipe in surroundings.recipes {
      let folders = DataFolders(recipe: recipe, results: surroundings.results)
      do {
        let files = try Recipe.load(recipe, registry: .standard).instances.flatMap(
          NamedFile.all)
        for file in files where seen.insert(file).inserted {
          findings.append(file.finding(in: folders))
        }
      } catch {
        findings.append(
          DoctorFinding(
            recipe.relativePath, .wrong, "a recipe with mistakes",
            advice: "'warmup validate \(recipe.relativePath)' shows them."))
      }
    }
    return findings + unnamed(seen)
  }

  /// Known files that no recipe names, looked for where relative paths of recipes are.
  private func unnamed(_ seen: Set<NamedFile>) -> [DoctorFinding] {
    let nowhere = URL(fileURLWithPath: "recipe.yaml")
    let folders = DataFolders(recipe: nowhere, results: surroundings.results)
    return BenchmarkFile.known.filter { known in !seen.contains { $0.source == known.path } }
      .map { NamedFile(source: $0.path, sha256: $0.sha256).finding(in: folders) }
  }
}

/// A file from outside, as a recipe names it.
private struct NamedFile: Hashable {
  let source: String
  let sha256: String?
  /// Whether it is a model.
  let isModel: Bool
  /// Which files of rows of a folder, where it may be one of rows.
  var split: String??

  init(source: String, sha256: String?, isModel: Bool = false) {
    self.source = source
    self.sha256 = sha256
    self.isModel = isModel
  }

  /// What an instance takes from outside; of a list of files each, unpinned.
  static func all(of instance: Instance) -> [NamedFile] {
    let source = instance.parameters["source"]
    if let names = source?.array?.compactMap(\.string) {
      return names.map { NamedFile(source: $0, sha256: nil) }
    }
    guard let source = source?.string, !source.isEmpty else { return [] }
    var file = NamedFile(
      source: source, sha256: instance.parameters["sha256"]?.string?.lowercased(),
      isModel: instance.stage is PretrainedModelStage)
    if !file.isModel { file.split = .some(instance.parameters["split"]?.string) }
    return [file]
  }

  func finding(in folders: DataFolders) -> DoctorFinding {
    do {
      guard let file = try location(in: folders) else {
        return DoctorFinding(
          source, .missing, "not fetched yet", advice: "A run that needs it fetches it.")
      }
      return try verdict(on: file)
    } catch DataSourceError.notFound(_, let folders) {
      return DoctorFinding(
        source, .missing, "not in \(folders.joined(separator: ", "))",
        advice: BenchmarkFile.at(source)?.advice
          ?? PublishedModel.at(source)?.advice(path: source) ?? "Put it into one of these folders.")
    } catch {
      return DoctorFinding(source, .wrong, sentence(for: error))
    }
  }

  /// Where the file is; nil where it is yet to be fetched.
  private func location(in folders: DataFolders) throws -> URL? {
    let source = try DataSource(parsing: source)
    if case .path(let path) = source { return try DataSource.locate(path, in: folders) }
    let file = source.downloadedFile(in: folders)
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }

  private func digest(of file: URL) throws -> String {
    guard let split, (try? file.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true
    else {
      return try ContentDigest.hex(of: file, filesRead: isModel ? ModelFolder.filesRead : nil)
    }
    return try RowsSource.digest(of: DatasetShards.files(in: file, split: split))
  }

  private func verdict(on file: URL) throws -> DoctorFinding {
    if isModel, let reason = ModelRefusal.reason(against: file) {
      return DoctorFinding(source, .wrong, "a model that cannot be read", advice: reason + ".")
    }
    let found = try digest(of: file)
    guard let sha256 else {
      return DoctorFinding(source, "present, not pinned; SHA-256 \(found)")
    }
    guard found == sha256 else {
      return DoctorFinding(
        source, .wrong, "changed: SHA-256 \(found), pinned \(sha256)",
        advice: "\(file.path) is not the file that is meant; fetch it again, or change the pin.")
    }
    return DoctorFinding(source, "present, with the SHA-256 that is pinned")
  }
}
