namespace Skitai.Engine.Caching;

/// <summary>No answer could be had from an <see cref="Origin"/>. May be shown to every client that waited for it.</summary>
/// <param name="status">What such a client gets: 502, 503 or 504.</param>
/// <param name="message">For the log: one line.</param>
/// <param name="cause">What it was noticed by.</param>
internal sealed class OriginException(int status, string message, Exception? cause = null) : IOException(message, cause)
{
    /// <summary>502, 503 or 504.</summary>
    public int Status { get; } = status;
}
