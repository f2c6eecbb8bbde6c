import Runner

extension KindRegistry {
  /// Every kind that this program has. To add one, write its file and name it here.
  package static let standard = KindRegistry([
    KnightsAndKnavesStage.self, MiniatureProblemsStage.self, DatasetStage.self, SplitStage.self,
    WriteTracesStage.self, ReadTracesStage.self, WriteTextsStage.self, MixStage.self,
    ConcatStage.self, FilterStage.self,
    ScratchModelStage.self, PretrainedModelStage.self, PretrainStage.self,
    DistillStage.self, RLVRStage.self, SelectStage.self, EvaluateStage.self, PerplexityStage.self,
  ])
}
