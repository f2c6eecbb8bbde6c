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
  /// - Throws: `StageError.failed` for what are no adapters of the model, and what reading throws.
  convenience init?(from file: HDF5Reader, _ configuration: ModelConfiguration) throws {
    guard try file.exists(Self.group) else { return nil }
    func refusal(_ reason: String) -> StageError {
      .failed("\(file.url.path): \(reason); make the model anew")
    }
    var lora = LoRA()
    guard let rank = try file.attribute("rank", of: Self.group)?.integer,
      let alpha = try file.attribute("alpha", of: Self.group)?.number,
      LoRA.ranks.contains(rank), alpha.isFinite
    else { throw refusal("it does not say the rank and alpha of its adapters") }
    (lora.rank, lora.alpha) = (rank, alpha)
    let names = try Set(file.members(of: Self.group))
    lora.targets = LinearLayer.allCases.filter { layer in
      var one = lora
      one.targets = [layer]
      return one.layout(configuration).entries.contains { names.contains($0.name) }
    }
    guard !lora.targets.isEmpty else { throw refusal("it has no adapters where it should") }
    // Memory is taken only for what the file holds.
    for entry in lora.layout(configuration).entries {
      guard names.contains(entry.name),
        try file.describe("\(Self.group)/\(entry.name)").shape == entry.shape
      else { throw refusal("\(entry.name) is missing or has another shape than the model's") }
    }
    self.init(configuration, lora)
    try buffer.read(from: file, group: Self.group, layout: layout)
    if let found = firstNotFinite() {
      throw refusal("\(found.parameter) holds \(found.value)")
    }
  }
}
