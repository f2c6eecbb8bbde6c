/// The format `… </think> <answer> … </answer>` of a completion whose prompt ends in `<think>`.
package enum ResponseFormat {
  /// The text inside `<answer>`, if the completion keeps the format that training asks for: each of
  /// the three tags exactly once, something thought before `</think>`, only white space between
  /// `</think>` and `<answer>` and after `</answer>`, and something inside.
  ///
  /// The rule of the authors' `dataset_loader.py`: `.+</think>\s*<answer>(.+)</answer>\s*$`.
  package static func strictAnswer(in completion: String) -> String? {
    let bytes = Array(completion.utf8)
    let thinks = bytes.indices(of: "</think>")
    let opens = bytes.indices(of: "<answer>")
    let closes = bytes.indices(of: "</answer>")
    guard thinks.count == 1, opens.count == 1, closes.count == 1 else { return nil }
    let between = thinks[0] + 8
    let inside = opens[0] + 8
    guard thinks[0] > 0, between <= opens[0], inside < closes[0],
      bytes[between..<opens[0]].text.isBlank, bytes[(closes[0] + 9)...].text.isBlank
    else { return nil }
    return bytes[inside..<closes[0]].text
  }

  /// The share of completions that keep the format; nil for none.
  package static func rate(among completions: [String]) -> Double? {
    if completions.isEmpty { return nil }
    return Double(completions.count { strictAnswer(in: $0) != nil }) / Double(completions.count)
  }

  /// The text inside the last `<answer>`, closed or not.
  static func lastAnswer(in completion: String) -> String? {
    let bytes = Array(completion.utf8)
    guard let open = bytes.indices(of: "<answer>").last else { return nil }
    let inside = open + 8
    return bytes[inside..<(bytes.firstIndex(of: "</answer>", from: inside) ?? bytes.count)].text
  }

  /// The text after the last `</think>`.
  static func afterThinking(in completion: String) -> String? {
    let bytes = Array(completion.utf8)
    return bytes.indices(of: "</think>").last.map { bytes[($0 + 8)...].text }
  }
}
