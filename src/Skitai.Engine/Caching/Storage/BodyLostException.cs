namespace Skitai.Engine.Caching.Storage;

/// <summary>The rest of a body that was being read cannot be had from the cache.</summary>
/// <param name="message">Why; one line.</param>
/// <param name="cause">What it was noticed by.</param>
internal sealed class BodyLostException(string message, Exception? cause = null) : IOException(message, cause);
