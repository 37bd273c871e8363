namespace Skitaid.Control;

/// <summary>What a running instance says about a certificate that it serves.</summary>
/// <param name="Host">The names it answers, as the conf has them; <c>*</c> = all others.</param>
/// <param name="Subject">Its subject.</param>
/// <param name="File">Where it was read.</param>
/// <param name="NotAfter">When it expires, ISO 8601.</param>
/// <param name="DaysLeft">Whole days until then; negative = it has expired.</param>
internal sealed record CertificateFigures(string Host, string Subject, string File, DateTimeOffset NotAfter, int DaysLeft);
