namespace Skitai.Engine;

/// <summary>A certificate in use.</summary>
/// <param name="Host">The names it answers, as the conf has them; <c>*</c> for the default one.</param>
/// <param name="Subject">Its subject.</param>
/// <param name="File">Where it was read.</param>
/// <param name="NotAfter">When it expires.</param>
public sealed record CertificateStatus(string Host, string Subject, string File, DateTimeOffset NotAfter);
