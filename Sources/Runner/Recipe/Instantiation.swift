import OrderedCollections

extension StageGraph {
  /// Every stage at every point of the axes that it depends on, producers first.
  ///
  /// - Parameter configurations: for each stage, its configuration at the points of the axes that
  ///   its parameters name. Stages must be free of mistakes.
  func instances(
    in axes: AxisSpace, configurations: [[AxisPoint: ConfiguredStage]]
  ) -> [Instance] {
    var instances: [Instance] = []
    var positions = [[AxisPoint: Int]](repeating: [:], count: stages.count)
    for index in order {
      let stage = stages[index]
      for point in axes.points(of: stage.axes) {
        let own = point.projected(on: stage.declaration.paramAxes)
        guard let configured = configurations[index][own] else { continue }
        positions[index][point] = instances.count
        instances.append(
          Instance(
            stageName: stage.declaration.name, point: point, stage: configured.stage,
            parameters: configured.parameters, identity: configured.identity,
            inputs: bindings(of: stage, at: point, positions: positions)))
      }
    }
    return instances
  }

  private func bindings(
    of stage: LinkedStage, at point: AxisPoint, positions: [[AxisPoint: Int]]
  ) -> [BoundInput] {
    stage.inputs.compactMap { input in
      let text = input.declaration.template.text(at: point)
      guard let target = input.targets[text] else { return nil }
      let shared = point.projected(on: stages[target.stage].axes)
      return positions[target.stage][shared].map {
        BoundInput(port: input.declaration.port, producer: $0, output: target.output)
      }
    }
  }
}
