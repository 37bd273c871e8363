namespace Skitaid.Explaining;

/// <summary>The cluster of which a member answers.</summary>
/// <param name="Name">With its <c>@</c>.</param>
/// <param name="Target">Path and query that the member gets.</param>
/// <param name="Host">The Host that it gets; null = its own <c>host:port</c>.</param>
/// <param name="Scheme"><c>http</c> or <c>https</c>: how it is spoken to.</param>
/// <param name="Members">Those of the conf.</param>
internal sealed record ExplainedCluster(string Name, string Target, string? Host, string Scheme, IReadOnlyList<ExplainedMember> Members);
