namespace Skitaid.Explaining;

/// <summary>What <c>explain --json</c> prints.</summary>
/// <param name="Problem">Why no instance is there to be asked; null when there is one.</param>
/// <param name="Explanations">One for each instance that the URL leads to.</param>
internal sealed record ExplanationReport(string? Problem, IReadOnlyList<Explanation> Explanations);
