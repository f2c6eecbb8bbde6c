import Base
import Foundation
import Runner
import Tasks

/// A command that starts a server, as words in which `{port}` and the like stand for what a run fills in.
struct ServerCommand {
  /// What words of a command may name.
  enum Placeholder: String, CaseIterable {
    /// The folder of the model, in Hugging Face's format.
    case model
    /// The model's HDF5 file, as `warmup serve` reads it.
    case artifact
    /// What the server must call the model: by it a run knows its own server.
    case name
    case port
    /// `float32` or `bfloat16`.
    case precision
    case threads
    /// The Python of the site file.
    case python
    /// This program.
    case warmup
  }

  let name: String
  private let words: [String]

  /// What is known without a site file. vLLM's is written after its documentation.
  private static let builtIn: [String: [String]] = [
    "warmup": [
      "{warmup}", "serve", "{artifact}", "--name", "{name}", "--port", "{port}",
      "--sampling-precision", "{precision}", "--threads", "{threads}",
    ],
    "vllm": [
      "{python}", IsolatedPython.option, "-m", "vllm.entrypoints.openai.api_server", "--model",
      "{model}",
      "--served-model-name", "{name}", "--host", "127.0.0.1", "--port", "{port}", "--dtype",
      "{precision}", "--generation-config", "vllm",
    ],
  ]

  /// - Throws: `ServerStartError` for a name that nobody knows, and for a command without a port.
  init(named name: String, _ site: Site) throws(ServerStartError) {
    guard let words = site.servers[name] ?? Self.builtIn[name] else {
      let known = Set(site.servers.keys).union(Self.builtIn.keys).sorted()
      throw .unknown(name, known: known)
    }
    let isOwn = site.servers[name] == nil && name == "warmup"
    self.name = name
    self.words = isOwn ? words : site.prefix + words
    let known = Set(Placeholder.allCases.map { "{\($0.rawValue)}" })
    let all = Set(words.flatMap { $0.matches(of: /\{[a-z]+\}/).map { String($0.0) } })
    if let stranger = all.subtracting(known).min() {
      throw .placeholder(stranger, of: name, known: known.sorted())
    }
    for needed in [Placeholder.port, .name] where !all.contains("{\(needed.rawValue)}") {
      throw .incomplete(name, missing: "{\(needed.rawValue)}")
    }
  }

  func names(_ placeholder: Placeholder) -> Bool {
    words.contains { $0.contains("{\(placeholder.rawValue)}") }
  }

  /// The words of the command. What is filled in is never read as shell.
  func filled(_ values: [Placeholder: String]) -> [String] {
    words.map { word in
      word.replacing(/\{([a-z]+)\}/) { match in
        Placeholder(rawValue: String(match.1)).flatMap { values[$0] } ?? String(match.0)
      }
    }
  }
}

/// Why a server that a run starts does not serve.
package enum ServerStartError: Error, CustomStringConvertible {
  case unknown(String, known: [String])
  case placeholder(String, of: String, known: [String])
  case incomplete(String, missing: String)
  /// The log is a file; its last lines are shown.
  case ended(String, status: String, log: String, lastLines: String)
  case late(String, seconds: Double, log: String)
  /// Somebody else answers at its port.
  case foreign(String, port: Int)

  package var description: String {
    switch self {
    case .unknown(let name, let known):
      "there is no server '\(name.visible)' to start; \(known.joined(separator: ", ")) are known; write "
        + "its command below 'servers' in the site file (~/.config/warmup/site.yaml, or --site)"
    case .placeholder(let word, let name, let known):
      "the command of the server '\(name.visible)' names \(word), which nothing is filled in for; a "
        + "command may have \(known.joined(separator: ", "))"
    case .incomplete(let name, let word):
      "the command of the server '\(name.visible)' lacks \(word), so that its server could not be "
        + "found; write it into the site file"
    case .ended(let name, let status, let log, let lines):
      "the server '\(name.visible)' ended with status \(status); its log, \(log), ends with:\n"
        + lines.visible
    case .late(let name, let seconds, let log):
      "the server '\(name.visible)' was not ready after \(Int(seconds)) s; look into its log, \(log), or "
        + "raise 'timeout'"
    case .foreign(let name, let port):
      "another server answers at port \(port), which '\(name.visible)' was to take; run again"
    }
  }
}
