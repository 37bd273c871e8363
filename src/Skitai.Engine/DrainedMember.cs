namespace Skitai.Engine;

/// <summary>A member of a cluster that was drained by hand.</summary>
/// <param name="Cluster">With its <c>@</c>.</param>
/// <param name="Member">Its <c>host:port</c> as the conf has it (all addresses of a name), its <c>address:port</c>, or its <see cref="MemberStatus.Label"/>.</param>
public sealed record DrainedMember(string Cluster, string Member);
