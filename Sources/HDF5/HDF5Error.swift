import CHDF5
import Foundation

/// HDF5 could not do something.
public struct HDF5Error: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was to be done, such as `read '/model/lm_head.weight' of`.
  public let action: String
  /// The file.
  public let path: String
  /// Why it failed.
  public let reason: String

  /// A sentence for people.
  public var description: String { "could not \(action) \(path): \(reason)" }
}

/// The message of the innermost entry of this thread's error stack, where the cause stands.
func innermostMessage() -> String {
  var message = ""
  withUnsafeMutablePointer(to: &message) { pointer in
    _ = H5Ewalk2(
      hid_t(H5E_DEFAULT), H5E_WALK_UPWARD,
      { index, entry, target in
        if index == 0, let text = entry?.pointee.desc {
          target?.assumingMemoryBound(to: String.self).pointee = String(cString: text)
        }
        return 0
      }, pointer)
  }
  return message.isEmpty ? "unknown reason" : systemMessage(within: message) ?? message
}

/// The operating system's words out of `…, errno = 28, error message = 'No space left on device', …`.
private func systemMessage(within message: String) -> String? {
  guard let start = message.range(of: "error message = '") else { return nil }
  let rest = message[start.upperBound...]
  guard let end = rest.firstIndex(of: "'") else { return nil }
  return String(rest[..<end])
}
