import Base
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A socket that listens.
struct ListeningSocket {
  let descriptor: Int32
  /// The port that was taken.
  let port: UInt16

  /// - Throws: `ListeningError`.
  init(host: String, port: UInt16) throws(ListeningError) {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE
    var list: UnsafeMutablePointer<addrinfo>?
    let name = host == "localhost" ? "127.0.0.1" : host
    guard getaddrinfo(name, "\(port)", &hints, &list) == 0, let list else {
      throw .address(host)
    }
    defer { freeaddrinfo(list) }
    descriptor = socket(list.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    var taken = sockaddr_in6()  // whose port lies where that of IPv4 does
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    guard bind(descriptor, list.pointee.ai_addr, list.pointee.ai_addrlen) == 0,
      listen(descriptor, 128) == 0
    else {
      let code = errno
      close(descriptor)
      throw .port(port, host: host, code: code)
    }
    let descriptor = descriptor
    _ = withUnsafeMutablePointer(to: &taken) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &length)
      }
    }
    self.port = UInt16(bigEndian: taken.sin6_port)
  }
}

/// Why nobody can listen at an address.
package enum ListeningError: Error, CustomStringConvertible {
  case address(String)
  case port(UInt16, host: String, code: Int32)

  package var description: String {
    switch self {
    case .address(let host):
      "'\(host.visible)' is not an address of this machine; say --host 127.0.0.1, or 0.0.0.0 for all"
    case .port(let port, let host, let code):
      "port \(port) of \(host.visible) cannot be had: \(systemMessage(code)); take another, or "
        + "0 for any that is free"
    }
  }
}
