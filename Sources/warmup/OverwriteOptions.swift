import ArgumentParser
import Foundation

/// What commands take that write a file or folder which somebody may have written before.
struct OverwriteOptions: ParsableArguments {
  @Flag(name: .customLong("overwrite"), help: "Replace what is there.")
  var isAllowed = false

  /// Makes sure that nothing is replaced unless it was asked for.
  /// - Parameters:
  ///   - name: what the command line calls it.
  ///   - files: those of which none may be there yet.
  /// - Throws: `ValidationError`.
  func check(_ name: String, _ files: [URL]) throws {
    let isThere = files.contains { FileManager.default.fileExists(atPath: $0.path) }
    guard isAllowed || !isThere else {
      throw ValidationError(
        "\(name) exists already; choose another name, or replace it with --overwrite")
    }
  }
}
