import CCrypto
import Foundation

/// SHA-256, by libcrypto.
package struct SHA256Digest: ~Copyable {
  private let context: OpaquePointer?

  /// Begins a digest, to be fed piece by piece.
  package init() {
    context = EVP_MD_CTX_new()
    require(EVP_DigestInit_ex(context, EVP_sha256(), nil))
  }

  deinit { EVP_MD_CTX_free(context) }

  package func update(_ data: Data) {
    data.withUnsafeBytes { require(EVP_DigestUpdate(context, $0.baseAddress, $0.count)) }
  }

  /// Ends the digest.
  /// - Returns: 64 lower-case hexadecimal digits.
  package consuming func hex() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    require(EVP_DigestFinal_ex(context, &bytes, nil))
    let digits = Array("0123456789abcdef".utf8)
    let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// The digest of bytes in memory, as 64 lower-case hexadecimal digits.
  package static func hex(of data: Data) -> String {
    let digest = SHA256Digest()
    digest.update(data)
    return digest.hex()
  }

  /// The digest of a file's bytes, read a piece at a time.
  /// - Throws: `SpecialFileError`, or what opening and reading the file throws.
  package static func hex(ofFile file: URL) throws -> String {
    try RegularFile.check(file)
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    return try hex(of: handle)
  }

  /// The digest of what an open file has from its position on.
  static func hex(of handle: FileHandle) throws -> String {
    let digest = SHA256Digest()
    while let piece = try handle.read(upToCount: 1 << 22), !piece.isEmpty { digest.update(piece) }
    return digest.hex()
  }
}

/// libcrypto fails here only when there is no memory left; a wrong digest must never come out.
private func require(_ status: Int32) {
  precondition(status == 1, "libcrypto could not compute SHA-256")
}

/// The library that makes hashes.
package enum CryptographyLibrary {
  /// The version of OpenSSL in use, such as `OpenSSL 3.0.17 1 Jul 2025`.
  package static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
