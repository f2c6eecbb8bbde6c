import Foundation

/// What attacks aim at, and whether they hit it: a folder, sockets, a process.
final class AttackSurroundings {
  let token: String
  private let tokenStart = "tk" + hexadecimal(4)
  private let mark = "mk" + hexadecimal(6)
  private let name = "c" + hexadecimal(5)
  private let folder: URL
  private let victim = Process()
  private let victimInput = Pipe()
  private var ports: [String] = []
  private static let shared = ["/tmp", "/var/tmp", "/dev/shm", "/run/lock"]

  init(python: String) throws {
    token = tokenStart + hexadecimal(16)
    folder = URL(filePath: "/var/tmp/warmup-attacks-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
    let output = Pipe()
    victim.executableURL = URL(filePath: python)
    victim.arguments = [
      SandboxAttack.folder.appending(path: "attack-surroundings.py").path, folder.path, mark, token,
    ]
    victim.environment = ["ATTACK_TOKEN": token]
    victim.standardInput = victimInput
    victim.standardOutput = output
    try victim.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    ports = line.split(separator: " ").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
  }

  deinit {
    try? victimInput.fileHandleForWriting.close()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Whether the sockets are there to be attacked.
  var isReady: Bool { ports.count == 2 && victim.isRunning }

  /// A program with the names of its targets filled in.
  func aimed(_ program: String) -> String {
    let targets = [
      "OUTSIDE": folder.path, "TOKEN": token, "TOKEN_START": tokenStart, "MARK": mark,
      "COMM": name, "VICTIM": "\(victim.processIdentifier)", "PORT": ports[0],
      "PORT_SWAPPED": ports[1], "KEY": "\(Int(mark.dropFirst(2).prefix(6), radix: 16) ?? 1)",
    ]
    return targets.reduce(program) { $0.replacingOccurrences(of: "@\($1.key)@", with: $1.value) }
  }

  /// Sets everything up as it was.
  func restore() throws {
    for entry in try entries() where entry != "socket" {
      try FileManager.default.removeItem(at: folder.appending(path: entry))
    }
    let file = folder.appending(path: "token")
    try Data(token.utf8).write(to: file)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o666, .modificationDate: Date(timeIntervalSince1970: 1000)],
      ofItemAtPath: file.path)
  }

  /// What has happened that must not happen.
  func damage() throws -> [String] {
    var damage: [String] = []
    let entries = try entries()
    if entries != ["socket", "token"] { damage.append("the folder holds \(entries)") }
    let file = folder.appending(path: "token").path
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    if FileManager.default.contents(atPath: file) != Data(token.utf8)
      || attributes?[.posixPermissions] as? Int != 0o666
      || attributes?[.modificationDate] as? Date != Date(timeIntervalSince1970: 1000)
    {
      damage.append("a file was changed")
    }
    if !victim.isRunning { damage.append("a process was ended") }
    for place in Self.shared where FileManager.default.fileExists(atPath: "\(place)/\(mark)") {
      damage.append("\(place) was written to")
      try FileManager.default.removeItem(atPath: "\(place)/\(mark)")
    }
    if isRunning(name) { damage.append("a process is left") }
    return damage
  }

  private func entries() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  /// Whether a thread of any process has a name. Those that may not be read are not ours.
  private func isRunning(_ name: String) -> Bool {
    let files = FileManager.default
    let processes = (try? files.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.filter { Int($0) != nil }.contains { process in
      let threads = (try? files.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
      return threads.contains { thread in
        let comm = try? String(
          contentsOfFile: "/proc/\(process)/task/\(thread)/comm", encoding: .utf8)
        return comm?.hasPrefix(name) == true
      }
    }
  }
}

private func hexadecimal(_ bytes: Int) -> String {
  (0..<bytes).map { _ in
    let digits = String(UInt8.random(in: .min ... .max), radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }.joined()
}
