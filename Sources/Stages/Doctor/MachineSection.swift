import Foundation
import Runner

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
