namespace Skitaid.Explaining;

/// <summary>A member of a cluster, as the conf has it.</summary>
/// <param name="Authority">Its <c>host:port</c>.</param>
/// <param name="Weight">Its weight.</param>
internal sealed record ExplainedMember(string Authority, int Weight);
