import Foundation
import HDF5

extension Replication.Comparison {
  /// The first dataset of an HDF5 file that differs, such as a weight, in words.
  /// - Returns: nil where none does, or where the file is not there twice.
  package func firstDataset(in file: String) -> String? {
    guard let here = try? HDF5Reader(here.folder.appending(path: file)),
      let packed = try? HDF5Reader(packed.folder.appending(path: file))
    else { return nil }
    return Self.difference(here, packed, in: "/")
  }

  private static func difference(
    _ here: HDF5Reader, _ packed: HDF5Reader, in group: String
  ) -> String? {
    for name in (try? here.members(of: group)) ?? [] {
      let path = group == "/" ? "/\(name)" : "\(group)/\(name)"
      let found =
        if let kind = try? here.describe(path) {
          (try? packed.describe(path)) == kind
            ? difference(here, packed, kind.type, at: path) : "\(path) has another shape"
        } else {
          difference(here, packed, in: path)
        }
      if let found { return found }
    }
    return nil
  }

  private static func difference(
    _ here: HDF5Reader, _ packed: HDF5Reader, _ type: HDF5ElementType, at path: String
  ) -> String? {
    switch type {
    case .float32:
      guard let one = try? here.read(path, as: Float.self),
        let other = try? packed.read(path, as: Float.self)
      else { return nil }
      let place = zip(one, other).prefix { $0.bitPattern == $1.bitPattern }.count
      guard place < one.count else { return nil }
      return "\(path) differs from number \(place + 1) of \(one.count) on: \(one[place]) here, "
        + "\(other[place]) packed"
    case .string:
      let texts = try? (here.readStrings(path), packed.readStrings(path))
      return texts.flatMap { $0 == $1 ? nil : "\(path) is another text" }
    default: return nil
    }
  }
}
