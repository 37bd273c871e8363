namespace Skitai.Engine.Hosting.Tls;

/// <summary>A certificate's files cannot be used.</summary>
/// <param name="message">Which files, and why: one line.</param>
/// <param name="inner">The cause.</param>
public sealed class CertificateException(string message, Exception? inner = null) : Exception(message, inner);
