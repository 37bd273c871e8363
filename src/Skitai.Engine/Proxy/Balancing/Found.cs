namespace Skitai.Engine.Proxy.Balancing;

/// <summary>What came of looking for a member.</summary>
internal enum Found
{
    /// <summary>The request has one.</summary>
    Member,

    /// <summary>Members have room, but this request has to wait for another one.</summary>
    NoneForThis,

    /// <summary>No member has room.</summary>
    NoRoom,

    /// <summary>There is none, and waiting would not help.</summary>
    Nothing,
}
