import Foundation

/// Data for people and programs goes to stdout, everything else to stderr.
enum StandardOutput {
  static func write(_ text: String) {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      writeError("warmup: standard output cannot be written: \(error.localizedDescription)\n")
      exit(1)
    }
  }

  static func writeError(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
