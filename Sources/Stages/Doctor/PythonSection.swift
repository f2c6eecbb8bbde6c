import Foundation
import Runner
import Subprocess

/// The Python that runs model-written programs and fetches packages, with what it needs.
struct PythonSection: DoctorSection {
  let title = "python"

  func findings() -> [DoctorFinding] {
    let python: PythonInstallation
    do {
      python = try PythonInstallation.locate()
    } catch {
      return [
        DoctorFinding(
          "python3", .missing, "\(error)",
          advice: "HumanEval+ and sources 'pip:…' need it; everything else works without.")
      ]
    }
    return [
      DoctorFinding("python3", "\(python.version), \(python.executable)"),
      finding(
        "numpy", python.numpyVersion, python,
        "The tests of HumanEval+ import it; install it with 'python3 -m pip install numpy'."),
      finding(
        "pip", version(of: "pip", python), python, "Sources 'pip:…' are fetched with it."),
    ]
  }

  private func finding(
    _ package: String, _ version: String?, _ python: PythonInstallation, _ advice: String
  ) -> DoctorFinding {
    guard let version else {
      return DoctorFinding(package, .missing, "not there", advice: advice)
    }
    return DoctorFinding(package, version)
  }

  private func version(of package: String, _ python: PythonInstallation) -> String? {
    let question = "import importlib.metadata as m; print(m.version('\(package)'))"
    let ending = try? ChildProcess.run(
      URL(filePath: python.executable), ["-c", question],
      environment: ProcessInfo.processInfo.environment, input: "", limit: .seconds(60))
    guard case .ended(let output)? = ending, output.status.isSuccess else { return nil }
    return output.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
