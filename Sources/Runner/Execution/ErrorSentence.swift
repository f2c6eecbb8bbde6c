import Foundation

/// What an error says to people. Our errors describe themselves; those of Foundation describe
/// themselves to programmers and have their sentence elsewhere.
func sentence(for error: any Error) -> String {
  let isFoundation = error is CocoaError || error is POSIXError || type(of: error) == NSError.self
  return isFoundation ? error.localizedDescription : "\(error)"
}
