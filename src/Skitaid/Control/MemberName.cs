namespace Skitaid.Control;

/// <summary>A member of a cluster, as a person names it.</summary>
/// <param name="Cluster">With its <c>@</c>.</param>
/// <param name="Member">Its <c>host:port</c> as the conf has it (all addresses of a name), or one <c>address:port</c>.</param>
internal sealed record MemberName(string Cluster, string Member);
