import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// The address of a server, checked before anything is sent to it.
package struct ServerAddress: Sendable {
  let url: URL

  /// Reads an address such as `http://localhost:8000/v1`.
  /// - Throws: `ServerError.address`.
  package init(_ text: String) throws {
    // What two readers of an address might understand differently, such as '\', is not accepted.
    let isPlain = text.utf8.allSatisfy {
      (0x21...0x7E).contains($0) && !#""\<>^`{|}"#.utf8.contains($0)
    }
    guard isPlain, let url = URL(string: text), url.origin != nil, url.user() == nil,
      url.password() == nil, url.fragment() == nil
    else { throw ServerError.address(text) }
    self.url = url
  }

  /// Whether nobody on the way can read what is sent: by TLS, or because it stays on this machine.
  package var isConfidential: Bool {
    url.scheme?.lowercased() == "https" || Self.isLoopback(url.host() ?? "")
  }

  /// Whether a host is this machine: `localhost`, 127.0.0.0/8 or ::1.
  package static func isLoopback(_ host: String) -> Bool {
    let name = host.lowercased().trimmingCharacters(in: ["[", "]"])
    if name == "localhost" { return true }
    var four = in_addr()
    if inet_pton(AF_INET, name, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
    var six = in6_addr()
    guard inet_pton(AF_INET6, name, &six) == 1 else { return false }
    let bytes = withUnsafeBytes(of: six) { Array($0) }
    return bytes == Array(repeating: 0, count: 15) + [1]
  }
}

extension URL {
  /// Scheme, host and port (RFC 6454); nil where it is no address of the web.
  var origin: String? {
    guard let scheme = scheme?.lowercased(), let host = host()?.lowercased(), !host.isEmpty,
      let usual = ["http": 80, "https": 443][scheme]
    else { return nil }
    return "\(scheme)://\(host):\(port ?? usual)"
  }
}
