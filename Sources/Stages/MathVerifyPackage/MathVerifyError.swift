/// Why the Python package `math-verify` cannot be asked.
public enum MathVerifyError: Error, CustomStringConvertible {
  /// It is not installed, and could not be.
  case installation(folder: String, reason: String)
  /// The Python that was named does not have it, or another version.
  case otherPackage(python: String, reason: String)
  /// Its process cannot be started, or ends before it has answered anything.
  case worker(reason: String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .installation(let folder, let reason):
      """
      the verifier needs the Python package math-verify \(MathVerifyInstallation.version), which \
      could not be installed into \(folder): \(reason); try again with a network, name a Python \
      that has it in WARMUP_MATH_VERIFY, or use the verifier 'math@1', which needs none
      """
    case .otherPackage(let python, let reason):
      """
      \(python), which WARMUP_MATH_VERIFY names, does not have math-verify \
      \(MathVerifyInstallation.version): \(reason)
      """
    case .worker(let reason):
      "math-verify cannot be asked: \(reason)"
    }
  }
}
