import Foundation

/// What protects this machine from the programs that models write.
struct SandboxSection: DoctorSection {
  let title = "sandbox"

  func findings() -> [DoctorFinding] {
    let sandbox: Sandbox
    do { sandbox = try Sandbox.locate() } catch {
      return [
        DoctorFinding(
          "sandbox", .missing, "HumanEval+ cannot be graded here", advice: "\(error)")
      ]
    }
    return Self.findings(sandbox.protections)
  }

  /// The findings for some protections.
  static func findings(_ protections: SandboxProtections) -> [DoctorFinding] {
    [
      finding(
        "namespaces", protections.inForce.contains(.namespaces),
        "own processes, network, users and files; a private folder in memory",
        "Programs can write no files at all, and see where they run. Allow unprivileged user "
          + "namespaces (kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_"
          + "userns; in a container, its seccomp profile)."),
      finding(
        "calls", protections.inForce.contains(.calls),
        "seccomp: no network, no other processes, no kernel settings",
        "Every program gets a Python of its own, which is slow. The kernel or the container has "
          + "no seccomp filters."),
      finding(
        "files", protections.inForce.contains(.files), "Landlock version \(protections.landlock)",
        protections.inForce.contains(.namespaces)
          ? "The namespaces confine files here. Landlock needs Linux 5.13."
          : "Programs can read what you can read. Landlock needs Linux 5.13."),
      protections.isEnough
        ? DoctorFinding("verdict", .good, "model-written programs are confined")
        : DoctorFinding(
          "verdict", .wrong, "too weak: no protection of network and processes",
          advice: "Stages that run model-written programs refuse, unless they say 'sandbox: weak'."),
    ]
  }

  private static func finding(
    _ name: String, _ isThere: Bool, _ detail: String, _ advice: String
  ) -> DoctorFinding {
    isThere
      ? DoctorFinding(name, .good, detail)
      : DoctorFinding(name, .weak, "not available", advice: advice)
  }
}
