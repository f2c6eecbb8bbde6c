/// The rotary settings of a config.json: `rope_parameters` of transformers 5, one for all layers or
/// one for each type of layer, or `rope_scaling` of 4, whose oldest files say `type` for `rope_type`.
struct RopeSettings: Decodable {
  let theta: Double?
  let type: String?
  let oldType: String?
  let partialRotaryFactor: Double?
  let factor: Double?
  let low: Double?
  let high: Double?
  let original: Double?

  enum CodingKeys: String, CodingKey {
    case theta = "rope_theta"
    case type = "rope_type"
    case oldType = "type"
    case partialRotaryFactor = "partial_rotary_factor"
    case factor
    case low = "low_freq_factor"
    case high = "high_freq_factor"
    case original = "original_max_position_embeddings"
  }

  /// How positions are scaled; nil where they are not.
  var scaling: String? {
    let name = type ?? oldType ?? "default"
    return name == "default" ? nil : name
  }
}

struct RopeParameters: Decodable {
  /// Those of all layers.
  let common: RopeSettings
  let full: RopeSettings?
  let sliding: RopeSettings?

  enum CodingKeys: String, CodingKey {
    case full = "full_attention"
    case sliding = "sliding_attention"
  }

  init(from decoder: any Decoder) throws {
    common = try RopeSettings(from: decoder)
    let layers = try decoder.container(keyedBy: CodingKeys.self)
    full = try layers.decodeIfPresent(RopeSettings.self, forKey: .full)
    sliding = try layers.decodeIfPresent(RopeSettings.self, forKey: .sliding)
  }

  var all: [RopeSettings] { [common, full, sliding].compactMap(\.self) }
}

extension ConfigurationJSON {
  /// The base of the rotary frequencies, in the order in which transformers looks for it.
  func rotaryBase(_ family: ModelFamily) -> Double {
    if family.layers == .someSliding {
      return ropeParameters?.full?.theta ?? ropeTheta ?? family.defaults.ropeTheta
    }
    return ropeScaling?.theta ?? ropeParameters?.common.theta ?? ropeTheta
      ?? family.defaults.ropeTheta
  }

  /// Whether `rope_parameters`, where they are there, hold what the family takes from them.
  func hasRotaryBase(_ family: ModelFamily) -> Bool {
    guard let ropeParameters else { return true }
    if family.layers == .someSliding { return ropeParameters.common.theta == nil }
    return ropeParameters.common.theta != nil || ropeTheta != nil
  }

  /// How frequencies are scaled in layers that see everything.
  /// - Throws: `ModelImportError` for a scaling that is not computed, or without its numbers.
  func rotaryScaling(path: String) throws -> RotaryScaling {
    let all = [ropeScaling, ropeParameters?.full, ropeParameters?.common].compactMap(\.self)
    guard let settings = all.first(where: { $0.scaling != nil }), let name = settings.scaling
    else { return .none }
    func number(_ value: Double?, _ key: String) throws -> Double {
      guard let value, value > 0, value.isFinite else {
        throw ModelImportError.configuration(
          path: path, problem: "rope_scaling of the type '\(name)' has no positive '\(key)'")
      }
      return value
    }
    switch name {
    case "linear":
      return RotaryScaling(linear: try number(settings.factor, "factor"))
    case "llama3":
      let low = try number(settings.low, "low_freq_factor")
      let high = try number(settings.high, "high_freq_factor")
      guard low < high else {
        throw ModelImportError.configuration(
          path: path, problem: "'low_freq_factor' is not below 'high_freq_factor'")
      }
      return .llama3(
        factor: try number(settings.factor, "factor"), low: low, high: high,
        original: try number(
          settings.original ?? contextLength.map(Double.init), "original_max_position_embeddings"))
    default:
      throw ModelImportError.unsupported(path: path, feature: "rope_scaling of the type '\(name)'")
    }
  }
}

extension RotaryScaling {
  /// Linear scaling, which by 1 is none.
  init(linear factor: Double) { self = factor == 1 ? .none : .linear(factor: factor) }

  /// The value of `rope_scaling` in a config.json.
  var json: String {
    switch self {
    case .none: return "null"
    case .linear(let factor): return "{\"rope_type\": \"linear\", \"factor\": \(factor)}"
    case .llama3(let factor, let low, let high, let original):
      return "{\"rope_type\": \"llama3\", \"factor\": \(factor), \"low_freq_factor\": \(low), "
        + "\"high_freq_factor\": \(high), "
        + "\"original_max_position_embeddings\": \(JSONText.number(original))}"
    }
  }

  /// Reads the scaling of a GGUF file: a factor in the metadata, or what each frequency is divided by
  /// in `rope_freqs.weight`, where it must be that of Llama 3.1 or 3.2.
  /// - Throws: `ModelImportError.unsupported` for another.
  init(gguf file: GGUFFile, prefix: String, headSize: Int, theta: Double) throws {
    let type = file.metadata["\(prefix).rope.scaling.type"]?.string ?? "none"
    let stored =
      file.metadata["\(prefix).rope.scaling.factor"]?.number
      ?? file.metadata["\(prefix).rope.scale_linear"]?.number
    let factor = stored == 0 ? nil : stored
    let isOld = file.metadata["\(prefix).rope.scaling.type"] == nil && factor != nil
    guard type == "none" || type == "linear", type != "linear" || factor != nil,
      factor.map({ $0 > 0 && $0.isFinite }) ?? true
    else {
      throw ModelImportError.unsupported(
        path: file.path, feature: "rope_scaling of the type '\(type)'")
    }
    self = type == "linear" || isOld ? RotaryScaling(linear: factor ?? 1) : .none
    guard file.tensors["rope_freqs.weight"] != nil else { return }
    let divisors = try file.floats("rope_freqs.weight").map(Double.init)
    guard let largest = divisors.max(), self == .none, divisors.count == headSize / 2 else {
      throw ModelImportError.unsupported(path: file.path, feature: "such rope_freqs.weight")
    }
    let known: [RotaryScaling] = [
      .none, .llama3(factor: largest, low: 1, high: 4, original: 8192),
    ]
    let frequencies = Self.frequencies(headSize: headSize, theta: theta)
    let found = known.first { scaling in
      zip(frequencies, divisors).allSatisfy { frequency, divisor in
        abs(frequency / scaling.scaled(frequency) / divisor - 1) < 1e-5
      }
    }
    guard let found else {
      throw ModelImportError.unsupported(
        path: file.path,
        feature: "rope_freqs.weight that are not those of Llama 3.1 and 3.2")
    }
    self = found
  }
}
