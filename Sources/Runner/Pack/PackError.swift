/// What can be wrong with a packed file, or with packing.
public enum PackError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file cannot be read.
  case unreadable(String, String)
  /// The file is something else.
  case notPacked(String)
  /// A newer program packed it.
  case newer(String, format: Int)
  /// It has another length than was written.
  case wrongLength(String, found: Int, expected: Int)
  /// It has the right length, but other bytes than were written.
  case damaged(String)
  /// What it holds does not fit together.
  case contradictory(String, String)
  /// The recipe or its results cannot be packed.
  case unpackable(String)
  /// There is something where the file is to be unpacked.
  case occupied(String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): return "\(path) cannot be read: \(reason)"
    case .notPacked(let path):
      return "\(path) is no packed file; 'warmup pack RECIPE' writes one"
    case .newer(let path, let format):
      return "\(path) is packed in format \(format), and this program reads format "
        + "\(PackHeader.currentFormat); update warmup to read it"
    case .wrongLength(let path, let found, let expected):
      let fault = found < expected ? "is cut off: it has" : "has grown: it has"
      return "\(path) \(fault) \(found) bytes instead of \(expected); fetch it again"
    case .damaged(let path):
      return "\(path) is damaged: its bytes are not those that were packed; fetch it again"
    case .contradictory(let path, let reason):
      return "\(path) cannot be trusted: \(reason); ask whoever packed it for another"
    case .unpackable(let reason): return "cannot pack: \(reason)"
    case .occupied(let path): return "\(path) exists already; choose another folder with -o"
    }
  }
}
