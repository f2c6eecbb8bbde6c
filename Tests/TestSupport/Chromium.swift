import Foundation

/// A Chromium without a window, where the machine has one: what it makes of a page.
package enum Chromium {
  /// Where it lies; nil where there is none.
  package static let program: URL? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"]
    let candidates = names.flatMap { name in
      folders.map { URL(filePath: String($0)).appending(path: name) }
    }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }()

  /// What came of loading a page.
  package struct Loaded {
    /// The document after its scripts have run.
    package let document: String
    /// The lines that scripts and policies wrote to the console.
    package let console: [Substring]
  }

  /// Loads a page.
  /// - Parameters:
  ///   - page: the file.
  ///   - fragment: what follows `#` in the address.
  ///   - width: the window's width.
  package static func load(_ page: URL, fragment: String = "", width: Int = 1200) throws -> Loaded {
    let address = "file://\(page.path)" + (fragment.isEmpty ? "" : "#" + fragment)
    return try load(address, in: page.deletingLastPathComponent(), width: width)
  }

  /// Loads what is at an address, and waits until it asks for nothing more.
  /// - Parameter folder: for what the browser writes.
  package static func load(_ address: String, in folder: URL, width: Int = 1200) throws -> Loaded {
    let (output, log) = (folder.appending(path: "dom"), folder.appending(path: "log"))
    for file in [output, log] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = program
    process.arguments = [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
      "--user-data-dir=\(folder.appending(path: "profile").path)", "--window-size=\(width),900",
      "--virtual-time-budget=5000", "--enable-logging=stderr", "--dump-dom", address,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: log)
    try process.run()
    let deadline = Date(timeIntervalSinceNow: 120)
    while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
    if process.isRunning { process.terminate() }
    let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
    return Loaded(
      document: String(decoding: try Data(contentsOf: output), as: UTF8.self),
      console: lines.filter { $0.contains(":CONSOLE") })
  }
}
