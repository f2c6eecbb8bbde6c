import CCrypto
import Foundation

/// SHA-256, by which content is told apart everywhere in this program.
public struct SHA256Digest {
  /// The digest of some bytes, in lower-case hexadecimal.
  public static func hex(of data: Data) -> String {
    var hash = Running()
    hash.update(data)
    return hash.finish()
  }

  /// The digest of a file's bytes, in lower-case hexadecimal; reads it in pieces.
  /// - Throws: the system's error when the file cannot be read.
  public static func hex(ofFile file: URL) throws -> String {
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    var hash = Running()
    while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(piece) }
    return hash.finish()
  }
}

private struct Running {
  private let context = EVP_MD_CTX_new()

  init() { EVP_DigestInit_ex(context, EVP_sha256(), nil) }

  mutating func update(_ data: Data) {
    _ = data.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
  }

  mutating func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &digest, nil)
    EVP_MD_CTX_free(context)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
