using System.Globalization;
using System.Runtime.InteropServices;

namespace Skitai.Engine.Apps;

/// <summary>A request's or an answer's body cannot be kept on disk: the client is not to blame.</summary>
internal sealed class SpoolException : Exception
{
    /// <summary>No file can be made there.</summary>
    public SpoolException(string directory, int errno)
        : base(string.Create(CultureInfo.InvariantCulture, $"{directory}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})"))
    {
    }

    /// <summary>The file there cannot be written or read. (.NET keeps the errno in HResult.)</summary>
    public SpoolException(string directory, IOException error)
        : base(error is EndOfStreamException ? $"{directory}: {error.Message}" : new SpoolException(directory, error.HResult).Message, error)
    {
    }
}
