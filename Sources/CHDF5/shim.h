#pragma once
#include <hdf5.h>

// Swift does not import HDF5's constants, because they are macros that call functions.

static inline unsigned chdf5_access_truncate(void) { return H5F_ACC_TRUNC; }

static inline hid_t chdf5_file_creation(void) { return H5P_FILE_CREATE; }
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_group_creation(void) { return H5P_GROUP_CREATE; }
static inline hid_t chdf5_dataset_creation(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_attribute_creation(void) { return H5P_ATTRIBUTE_CREATE; }
static inline hid_t chdf5_dataset_transfer(void) { return H5P_DATASET_XFER; }
static inline hid_t chdf5_link_creation(void) { return H5P_LINK_CREATE; }

static inline hid_t chdf5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t chdf5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t chdf5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t chdf5_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t chdf5_native_uint8(void) { return H5T_NATIVE_UINT8; }

static inline hid_t chdf5_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t chdf5_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t chdf5_int64(void) { return H5T_STD_I64LE; }
static inline hid_t chdf5_int32(void) { return H5T_STD_I32LE; }
static inline hid_t chdf5_uint8(void) { return H5T_STD_U8LE; }

static inline hid_t chdf5_c_string(void) { return H5T_C_S1; }
static inline size_t chdf5_variable_length(void) { return H5T_VARIABLE; }
