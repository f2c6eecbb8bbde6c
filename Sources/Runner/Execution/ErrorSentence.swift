import Foundation

/// What an error says to people. Our errors describe themselves; those of Foundation describe
/// themselves to programmers and have their sentence elsewhere, often without the path.
func sentence(for error: any Error) -> String {
  let isFoundation = error is CocoaError || error is POSIXError || type(of: error) == NSError.self
  guard isFoundation else { return "\(error)" }
  let sentence = error.localizedDescription
  guard let path = (error as? CocoaError)?.filePath, !sentence.contains(path) else {
    return sentence
  }
  return "\(path): \(sentence)"
}
