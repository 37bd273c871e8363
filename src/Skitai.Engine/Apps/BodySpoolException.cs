using System.Globalization;
using System.Runtime.InteropServices;

namespace Skitai.Engine.Apps;

/// <summary>A request body cannot be kept on disk: the client is not to blame.</summary>
internal sealed class BodySpoolException : Exception
{
    /// <summary>No file can be made there.</summary>
    public BodySpoolException(string directory, int errno)
        : base(string.Create(CultureInfo.InvariantCulture, $"{directory}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})"))
    {
    }

    /// <summary>The file there cannot be written or read. (.NET keeps the errno in HResult.)</summary>
    public BodySpoolException(string directory, IOException error)
        : base(error is EndOfStreamException ? $"{directory}: {error.Message}" : new BodySpoolException(directory, error.HResult).Message, error)
    {
    }
}
