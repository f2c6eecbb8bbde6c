import Foundation

/// The environment variables that a recipe may name as the keys of servers. The user says which;
/// otherwise a stranger's recipe could send any secret to any server.
package struct ServerKeys: Sendable {
  /// How the names of variables begin that recipes may always name.
  package static let prefix = "WARMUP_KEY_"

  /// The variables that the user allows besides those with the prefix.
  package let allowed: Set<String>
  private let environment: [String: String]

  /// - Parameter names: variables that the user allows besides those with the prefix.
  package init(
    allowing names: [String] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    allowed = Set(names)
    self.environment = environment
  }

  /// The key that a variable holds.
  /// - Throws: `ServerKeyError`, which never shows the key.
  package func key(in variable: String) throws(ServerKeyError) -> String {
    guard variable.hasPrefix(Self.prefix) || allowed.contains(variable) else {
      throw .notAllowed(variable)
    }
    guard let key = environment[variable], !key.isEmpty else { throw .missing(variable) }
    guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .unsendable(variable) }
    return key
  }
}

extension ServerKeys {
  /// Whether a request over http to a host would go through a proxy, as libcurl reads the
  /// environment (curl's manual, "ENVIRONMENT"): `http_proxy` counts in lower case only.
  package func hasProxy(for host: String) -> Bool {
    func first(_ names: String...) -> String? {
      names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    guard first("http_proxy", "all_proxy", "ALL_PROXY") != nil else { return false }
    let exceptions = (first("no_proxy", "NO_PROXY") ?? "").lowercased()
      .split { $0 == "," || $0.isWhitespace }.map(String.init)
    return exceptions != ["*"] && !exceptions.contains(host.lowercased())
  }
}

/// Why a variable's key is not sent.
package enum ServerKeyError: Error, CustomStringConvertible {
  /// The user has not allowed the variable.
  case notAllowed(String)
  /// It is not set.
  case missing(String)
  /// It holds blanks, line breaks or other characters that a header cannot.
  case unsendable(String)

  package var description: String {
    switch self {
    case .notAllowed(let variable):
      "the recipe may not use the environment variable \(variable.visible) as a key; if you mean to "
        + "send it, say --allow-key \(variable.visible), or put the key into a variable whose name "
        + "begins with \(ServerKeys.prefix)"
    case .missing(let variable):
      "the environment variable \(variable.visible), which 'key_variable' names, is not set"
    case .unsendable(let variable):
      "the environment variable \(variable.visible) holds blanks or characters that no key has"
    }
  }
}
