namespace Skitaid.Explaining;

/// <summary>The certificate that a handshake gets.</summary>
/// <param name="File">Where it is.</param>
/// <param name="Line">The line of <c>[certificates]</c>; 0 = it is that of <c>[ssl]</c>.</param>
/// <param name="Why">Why it is this one.</param>
/// <param name="NotAfter">When it expires; null = it cannot be read now.</param>
/// <param name="Problem">What browsers will object to; null = nothing that shows here.</param>
internal sealed record ExplainedCertificate(string File, int Line, string Why, DateTimeOffset? NotAfter, string? Problem);
