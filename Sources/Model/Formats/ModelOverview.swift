import Foundation

/// What can be told of a model from outside without reading its weights.
package struct ModelOverview: Sendable {
  package let configuration: ModelConfiguration
  package let parameterCount: Int
  /// How many tokens its tokenizer knows; nil for a GGUF file without one.
  package let tokens: Int?

  /// Looks at a Hugging Face folder or a GGUF file: configuration, tokenizer, and the names and shapes
  /// of the tensors.
  /// - Throws: what `ImportedModel` would, except for wrong numbers.
  package init(contentsOf url: URL) throws {
    let source = try ModelSource(contentsOf: url)
    configuration = source.configuration
    tokens = source.tokenizer?.vocabularySize
    parameterCount = ParameterLayout(configuration).count
  }

  /// Why a model cannot be read whatever its weights are: its family, something that its
  /// configuration asks for, a token that it lacks, or its tokenizer. Nil where there is no such
  /// reason, and where files are missing or damaged, which may change before they are read.
  package static func refusal(of url: URL) -> String? {
    do {
      _ = try ModelOverview(contentsOf: url)
      return nil
    } catch let error as ModelImportError {
      switch error {
      case .architecture, .unsupported, .unreadGGUF, .token: return error.description
      default: return nil
      }
    } catch let error as TokenizerError {
      if case .unsupported = error { return error.description }
      return nil
    } catch let error as GGUFError {
      if case .unsupported = error { return error.description }
      return nil
    } catch {
      return nil
    }
  }
}
