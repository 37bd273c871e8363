using Microsoft.Win32.SafeHandles;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// A connection whose next body bytes can come from a file without passing through this process's memory. Found among a
/// connection's features; of use only to a clear-text HTTP/1.1 answer whose length is known.
/// </summary>
internal interface IFileSendFeature
{
    /// <summary>
    /// Announces a file. What is next advanced on the connection's writer are bytes of this file, in order: the memory the
    /// writer hands out meanwhile is a place holder that nobody may touch, and may be advanced by any length up to 1 GiB.
    /// </summary>
    /// <param name="file">Open for reading; stays the caller's, must stay open until <see cref="EndFile"/>.</param>
    /// <param name="offset">Where in the file the first byte is.</param>
    void BeginFile(SafeFileHandle file, long offset);

    /// <summary>Where in the file the next byte is that the kernel has not taken.</summary>
    long FileOffset { get; }

    /// <summary>Ends the announcement; what follows are ordinary bytes again. Call after the last flush.</summary>
    void EndFile();
}
