using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Static;

public sealed partial class StaticMount
{
    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "static {Directory}: cannot read the file of {Path}: {Reason}")]
        public static partial void Unreadable(ILogger logger, string directory, string path, string reason);

        [LoggerMessage(2, LogLevel.Error, "static {Directory}: out of descriptors or memory at {Path}: {Reason}")]
        public static partial void Exhausted(ILogger logger, string directory, string path, string reason);

        [LoggerMessage(3, LogLevel.Error, "static {Directory}: sending {Path} broke off: {Reason}")]
        public static partial void BrokeOff(ILogger logger, string directory, string path, string reason);
    }
}
