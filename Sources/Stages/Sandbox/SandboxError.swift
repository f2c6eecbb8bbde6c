/// Why model-written programs cannot be judged on this machine.
public enum SandboxError: Error, CustomStringConvertible {
  /// The launcher was not found.
  case noLauncher(searched: [String])
  /// No Python was found, or it did not answer.
  case noPython(reason: String)
  /// The tests import numpy and Python has none.
  case noNumpy(python: String)
  /// Too little protects this machine from model-written programs.
  case tooWeak(missing: [String])
  /// The kernel refuses what the launcher needs, or the launcher failed.
  case refused(reason: String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .noLauncher(let searched):
      """
      the program 'sandbox', which confines model-written programs, was not found in \
      \(searched.joined(separator: ", ")); keep it beside 'warmup', or name it in WARMUP_SANDBOX
      """
    case .noPython(let reason):
      """
      Python 3 is needed to judge model-written programs: \(reason); install python3, or name \
      another one in WARMUP_PYTHON
      """
    case .noNumpy(let python):
      """
      the tests need numpy, which \(python) does not have; install it with \
      '\(python) -m pip install numpy', or name a Python that has it in WARMUP_PYTHON
      """
    case .tooWeak(let missing):
      """
      this machine cannot confine model-written programs: \(missing.joined(separator: " and ")) \
      cannot be had, since it offers neither seccomp filters nor user namespaces; run elsewhere \
      ('warmup doctor' says what a machine offers), or say 'sandbox: weak' in the stage's params \
      if nothing on this machine needs protecting
      """
    case .refused(let reason):
      "the sandbox could not start a program, so nothing was judged: \(reason)"
    }
  }
}
