import Foundation

/// How much memory the process has used.
public enum PeakMemory {
  /// The most bytes that were in memory at one time so far; nil where the system does not tell.
  public static var bytes: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
      return nil
    }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1024 }
  }
}
