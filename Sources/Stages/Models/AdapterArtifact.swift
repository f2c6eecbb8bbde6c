import Foundation
import HDF5
import Model
import Runner

/// Adapters in an HDF5 file: each factor under `/adapters/<name>`, rank and alpha as attributes of
/// `/adapters`.
extension Adapters {
  static let group = "/adapters"

  /// Writes the adapters into an open file.
  func write(to file: HDF5File) throws {
    try buffer.write(to: file, group: Self.group, layout: layout)
    try file.setAttribute("rank", .integer(lora.rank), of: Self.group)
    try file.setAttribute("alpha", .number(lora.alpha), of: Self.group)
  }

  /// Reads what `write` wrote; nil where a file holds no adapters.
  /// - Throws: `StageError.failed` for adapters of another model, and what reading throws.
  convenience init?(from file: HDF5Reader, _ configuration: ModelConfiguration) throws {
    guard try file.exists(Self.group) else { return nil }
    var lora = LoRA()
    guard let rank = try file.attribute("rank", of: Self.group)?.integer,
      let alpha = try file.attribute("alpha", of: Self.group)?.number, rank > 0, alpha.isFinite
    else { throw StageError.failed("\(file.url.path) says neither rank nor alpha of its adapters") }
    (lora.rank, lora.alpha) = (rank, alpha)
    lora.targets = try LinearLayer.allCases.filter { layer in
      var one = lora
      one.targets = [layer]
      guard let first = one.layout(configuration).entries.first else { return false }
      return try file.exists("\(Self.group)/\(first.name)")
    }
    self.init(configuration, lora)
    try buffer.read(from: file, group: Self.group, layout: layout)
  }
}
