import Foundation
import HDF5

/// What an error says to people. Our errors describe themselves; those of Foundation describe
/// themselves to programmers, and those of HDF5 do not know what to do.
package func sentence(for error: any Error) -> String {
  if let error = error as? HDF5Error {
    return "could not \(error.action) \(error.path): \(FileAdvice.words(error.reason))"
  }
  return ((error as? FileError) ?? FileError(error)).map(\.description) ?? reason(for: error)
}

/// What an error says to people who know which file or server it is about.
package func reason(for error: any Error) -> String {
  if let error = error as? HDF5Error { return FileAdvice.words(error.reason) }
  if let error = (error as? FileError) ?? FileError(error) { return error.reason }
  guard (error as NSError).domain == NSURLErrorDomain else { return "\(error)" }
  let words = error.localizedDescription
  return words.hasPrefix("The operation could") ? "no connection came about" : words
}

/// Finds the candidate that a person most likely meant to type, whatever the case of its letters.
/// - Returns: the nearest by edit distance, if it is near enough to be worth suggesting.
package func nearestName(to name: String, among candidates: [String]) -> String? {
  let limit = name.count / 3 + 1
  let scored = candidates.map { candidate in
    (candidate, editDistance(Array(name.lowercased().utf8), Array(candidate.lowercased().utf8)))
  }
  // Names that share no letter at all are never near, however short they are.
  let near = scored.filter { $0.1 <= limit && $0.1 < max(name.utf8.count, $0.0.utf8.count) }
  return near.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
}

/// `; did you mean 'x'?`, or what else there is to choose from.
package func suggestion(for name: String, among candidates: [String]) -> String {
  if let near = nearestName(to: name, among: candidates) { return "; did you mean '\(near)'?" }
  guard !candidates.isEmpty, candidates.count <= 12 else { return "" }
  return "; choose from \(candidates.joined(separator: ", "))"
}

/// Levenshtein distance with adjacent transpositions counted as one edit.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
  var beforePrevious = [Int](repeating: 0, count: b.count + 1)
  var previous = Array(0...b.count)
  for i in 1...a.count {
    var row = [i] + [Int](repeating: 0, count: b.count)
    for j in 1...b.count {
      let substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
      row[j] = min(previous[j] + 1, row[j - 1] + 1, substitution)
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        row[j] = min(row[j], beforePrevious[j - 2] + 1)
      }
    }
    (beforePrevious, previous) = (previous, row)
  }
  return previous[b.count]
}

/// A number with its noun, such as `1 file` or `2 files`.
package func counted(_ number: Int, _ noun: String) -> String {
  "\(number) \(noun)\(number == 1 ? "" : "s")"
}
