import Foundation
import HDF5

/// What a stage must have done before its result is published.
enum Postconditions {
  /// Checks that every declared output can be read and that every number published is one.
  /// - Throws: `StageError.failed`.
  static func check(_ kind: any Stage.Type, _ context: StageContext) throws {
    for port in kind.outputs {
      let file = context.output(port.name)
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw StageError.failed("it ended without writing its output '\(port.name)'")
      }
      do {
        try HDF5File.open(file).close()
      } catch let error as HDF5Error {
        let reason = error.reason
        throw StageError.failed("its output '\(port.name)' is no whole HDF5 file: \(reason)")
      }
    }
    for (name, value) in context.values.sorted(by: { $0.key < $1.key }) where !value.isFinite {
      throw StageError.failed("its value '\(name)' is not a finite number")
    }
  }
}

extension JSONValue {
  fileprivate var isFinite: Bool {
    switch self {
    case .number(let value): value.isFinite
    case .array(let values): values.allSatisfy(\.isFinite)
    case .object(let entries): entries.values.allSatisfy(\.isFinite)
    default: true
    }
  }
}
