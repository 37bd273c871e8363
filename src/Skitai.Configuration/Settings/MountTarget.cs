using System.Text.Json.Serialization;

namespace Skitai.Configuration.Settings;

/// <summary>What a mount points at: one of <see cref="StaticTarget"/> and <see cref="AppTarget"/>.</summary>
[JsonDerivedType(typeof(StaticTarget), "static")]
[JsonDerivedType(typeof(AppTarget), "app")]
public abstract record MountTarget;
