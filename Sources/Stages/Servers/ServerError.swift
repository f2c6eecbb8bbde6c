import Base
import Foundation

/// Why a server's completion cannot be had.
package enum ServerError: Error, CustomStringConvertible {
  case address(String)
  /// A key would travel where others can read it.
  case unprotected(url: String, variable: String)
  /// A key for this machine would go through a proxy.
  case proxied(url: String, variable: String, host: String)
  /// The server sends the request to another place.
  case redirected(url: String, status: Int, to: String?)
  /// The answer is longer than any completion, in bytes.
  case oversized(limit: Int)
  /// The server refuses this one request; another one may go through.
  case refused(status: Int, message: String)
  /// The server refuses all requests.
  case denied(url: String, status: Int, message: String)
  case exhausted(id: String, attempts: Int, last: String)
  /// The server has taken the ids of a prompt for another number of tokens.
  case promptChanged(id: String, sent: Int, taken: Int)
  /// The server does not say how many tokens a completion has.
  case lengthUnknown(id: String)
  /// A token id that the model does not have.
  case unknownToken(vocabulary: Int)
  /// The probe differs from what the model itself computes.
  case otherModel(url: String, difference: Double)
  /// The probe differs from an earlier one.
  case changedModel(url: String, difference: Double, folder: String)
  /// The server offers none or several models, and the recipe names none.
  case modelUnnamed(url: String, offered: [String])

  package var description: String {
    switch self {
    case .address(let url):
      "'\(url.visible)' is not an address of a server; write 'url' like http://localhost:8000/v1, "
        + "without a name or password"
    case .unprotected(let url, let variable):
      "the key in \(variable.visible) is not sent to \(url.visible), where others could read it on "
        + "the way; write 'url' with https://, or leave 'key_variable' out"
    case .proxied(let url, let variable, let host):
      "the key in \(variable.visible) would go to \(url.visible) through the proxy that the "
        + "environment names; add \(host) to no_proxy"
    case .redirected(let url, let status, let origin):
      "\(url) answers with status \(status), a redirect to \(origin?.visible ?? "another place"), "
        + "which is not followed; write that address into 'url' if you trust it"
    case .oversized(let limit):
      "the server's answer is longer than \(limit >> 20) MiB, which no completion of 'max_tokens' "
        + "needs; check that 'url' names a server of completions"
    case .refused(let status, let message):
      "the server refused the request with status \(status): \(message)"
    case .denied(let url, let status, let message):
      "\(url) answers with status \(status): \(message); check 'url', 'model' and 'key_variable'"
    case .exhausted(let id, let attempts, let last):
      "no completion of '\(id)' came in \(attempts) attempts, the last of which failed because "
        + "\(last); what has come is kept, so run again to go on"
    case .promptChanged(let id, let sent, let taken):
      "the server took the prompt of '\(id)' for \(taken) tokens, but it was sent \(sent) ids; it must "
        + "take token ids as they are, and 'dialect' must be its own"
    case .lengthUnknown(let id):
      "the server does not say how many tokens its completion of '\(id)' has; take one that sends token "
        + "ids or 'usage', and check 'dialect'"
    case .unknownToken(let size):
      "the server sends token ids that the model, with its \(size) tokens, does not have; it serves "
        + "another model"
    case .otherModel(let url, let difference):
      "the server at \(url.visible) does not serve the model that is bound: log p of fixed tokens differ "
        + "by \(Self.text(difference)) on average, where \(ServerProbe.bound) is the most; start it "
        + "with this model ('warmup export'), in the precision of 'sampling_precision'"
    case .changedModel(let url, let difference, let folder):
      "the server at \(url.visible) no longer serves the model that it did: log p of fixed tokens differ "
        + "by \(Self.text(difference)) on average from before, where \(ServerProbe.bound) is the most; "
        + "what it answered meanwhile does not count; have it serve the first again, or remove \(folder) to "
        + "ask everything anew"
    case .modelUnnamed(let url, let offered):
      "the server at \(url.visible) offers "
        + (offered.isEmpty ? "no model that it names" : offered.joined(separator: ", ").visible)
        + "; set 'model' to the name of the one that is bound"
    }
  }

  private static func text(_ difference: Double) -> String {
    String(format: "%.2f", difference)
  }
}
