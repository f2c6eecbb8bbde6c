extension NumpyRandom {
  /// Puts elements in random order, as `shuffle`.
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    for index in stride(from: elements.count - 1, through: 1, by: -1) {
      elements.swapAt(index, masked(UInt32(index)))
    }
  }

  /// The integers below a count in random order, as `permutation(count)`.
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    shuffle(&order)
    return order
  }

  /// One element, as `choice(elements)`.
  /// - Precondition: there is an element.
  public mutating func element<Element>(of elements: [Element]) -> Element {
    elements[integer(in: 0..<elements.count)]
  }

  /// `count` integers below `population`, as `choice(population, count, replace=True)`.
  public mutating func indicesWithReplacement(_ count: Int, below population: Int) -> [Int] {
    (0..<count).map { _ in integer(in: 0..<population) }
  }

  /// `count` different integers below `population` in random order, as
  /// `choice(population, count, replace=False)`.
  /// - Precondition: there are that many.
  public mutating func indices(_ count: Int, below population: Int) -> [Int] {
    precondition(count <= population, "\(population) hold no \(count) different integers")
    let usesTail = population > 10_000 && count > population / 50
    return usesTail ? tail(count, below: population) : floyd(count, below: population)
  }

  /// Different elements in random order, as `choice(elements, count, replace=False)`.
  /// - Precondition: there are that many.
  public mutating func elements<Element>(_ count: Int, of elements: [Element]) -> [Element] {
    indices(count, below: elements.count).map { elements[$0] }
  }

  /// The end of a shuffle that stops when the places needed are filled.
  private mutating func tail(_ count: Int, below population: Int) -> [Int] {
    var order = Array(0..<population)
    shuffleByBounds(&order, downTo: max(population - count, 1))
    return Array(order.suffix(count))
  }

  /// Floyd's algorithm: one draw an element, whatever the population.
  private mutating func floyd(_ count: Int, below population: Int) -> [Int] {
    var taken: Set<Int> = []
    var chosen: [Int] = []
    for last in population - count..<population {
      let drawn = integer(in: 0..<last + 1)
      let index = taken.contains(drawn) ? last : drawn
      taken.insert(index)
      chosen.append(index)
    }
    shuffleByBounds(&chosen, downTo: 1)
    return chosen
  }

  /// An integer from 0 to `last` by rejection, which `shuffle` uses where `choice` multiplies.
  private mutating func masked(_ last: UInt32) -> Int {
    let mask = UInt32.max >> last.leadingZeroBitCount
    while true {
      let word = next32() & mask
      if word <= last { return Int(word) }
    }
  }

  private mutating func shuffleByBounds(_ elements: inout [Int], downTo first: Int) {
    for index in stride(from: elements.count - 1, through: first, by: -1) {
      elements.swapAt(index, integer(in: 0..<index + 1))
    }
  }
}
